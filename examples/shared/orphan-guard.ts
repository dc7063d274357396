/**
 * Loaded into every child of `npm start`: when the parent is gone, however it ended, its end of the channel closes and
 * the child stops as if it had been told to. The channel itself keeps no child alive.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
