// What playback calls before it draws.
export { beginScreens as beginTrends } from '#hmi/screens/begin.ts';
