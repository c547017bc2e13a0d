/** The server takes at most this many people by name; more is "everyone". */
export const MOST = 500;
