// Style sheets that a part of the page brings with it: the build makes files of them.
declare module '*.css';
