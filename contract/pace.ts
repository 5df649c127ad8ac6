// The pace of the browser's door. Apart from live.ts, whose schemas the page must not carry.

/** The subprotocol of the socket at /live. */
export const liveProtocol = 'cell.v1';
/** Frames that may be unpainted at a client before station only marks what changed. */
export const ackWindow = 2;
/** The longest silence of a healthy socket. */
export const heartbeat_ms = 500;
/** The age of control's last frame at which a page says that it is not live. */
export const notLive_ms = 2000;
/** How often a page says that it is there, and after how long a silence station closes its socket. */
export const ping_ms = 2000;
export const silence_ms = 6000;
/** How often a hand on a held command says so. */
export const keep_ms = 100;
