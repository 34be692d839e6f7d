// The time of scripts. To be imported before yjs, which takes hold of Date.now when it is loaded.
export const clock = { now: 0 };
Date.now = () => clock.now;
