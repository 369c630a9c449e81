/** Style sheets are files that the build collects. */
declare module '*.css';
