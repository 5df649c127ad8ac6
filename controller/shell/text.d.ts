// Files that the build puts into the product as texts.
declare module '*?raw' {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- it is how the bundler gives a file's text
  export default text;
}
