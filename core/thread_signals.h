/* Threads are born without the signals that are the main thread's business.
 *
 *     sigset_t old;
 *     thread_signals_block(&old);
 *     pthread_create(...);                          // inherits the mask
 *     pthread_sigmask(SIG_SETMASK, &old, NULL);
 *
 * Faults (SIGSEGV, SIGBUS ...) stay with the thread that makes them: the kernel takes the default action for one that
 * is blocked, and a handler that gives the terminal back would never run. Any thread. */
#ifndef CORE_THREAD_SIGNALS_H
#define CORE_THREAD_SIGNALS_H

#include <signal.h>

void thread_signals_block(sigset_t *old);

#endif
