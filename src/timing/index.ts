export { backoff } from './backoff.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export { bounded, type Deadline, deadline } from './deadline.ts';
export { InFlightWindow } from './in-flight.ts';
export { isThenable } from './thenable.ts';
export { type Deferred, deferred, limited, persist, sleep, within } from './waits.ts';
