/** The words of whoever saw something else fail, in any tool: never the reason where there is one. */
export function wraps(words: string): boolean {
  return WRAPS.test(words)
}

/** What stands for all that was said before it, and ends it. */
export function sumsUp(words: string): boolean {
  return SUMS_UP.test(words)
}

/** The noise of a shutdown, which follows from what ended the launch. */
export function isNoise(words: string): boolean {
  return NOISE.test(words)
}

const WRAPS = new RegExp(
  [
    '\\b(?:exit(?:ed)?|return(?:ed)?|exitcode|returncode)(?: with)?(?: an?)?(?: non-?zero)?(?: error)?(?: (?:code|status|exit code))?[ :=]{0,3}-?\\d{1,3}\\b',
    '\\bnon-?zero exit (?:code|status)\\b',
    '\\bsee (?:the )?(?:root cause|above|logs?|output|stack ?trace|error|traceback)\\b',
    '\\b(?:engine|worker|server|process|shard|replica|job|task|step|container|pod|service|deployment|backend|scheduler|subprocess|actor|node|runner|launch|setup|initialization)\\b.{0,40}\\b(?:failed(?: to (?:start|initialize|launch))?|died|crashed|exited|is dead|has terminated|terminated unexpectedly|was terminated)[.!:]{0,1}$',
    '^(?:subprocess\\.CalledProcessError|torch\\.distributed\\.elastic\\.\\w[\\w.]{0,80}|SystemExit|ExceptionGroup|BaseExceptionGroup|concurrent\\.futures\\.process\\.BrokenProcessPool|[\\w.]{0,80}ChildFailedError|[\\w.]{0,80}RayTaskError\\b.{0,80}|EOFError|BrokenPipeError|asyncio\\.exceptions\\.CancelledError|(?:[\\w.]{1,60}\\.)?CancelledError|GeneratorExit)\\b',
    '^make(?:\\[\\d{1,3}\\])?: \\*\\*\\* ',
    '^ninja: build stopped',
    '^Failed workers?: ',
    '^(?:Error|Failed|Exception|Traceback|RuntimeError)[.:!]{0,2}$',
    '^(?:\\[end of output\\]|note: This (?:error|is an issue))',
    '^(?:Call stack|Message|Arguments): ?',
    '^Unexpected error in \\S',
    '^Application startup failed\\b',
  ].join('|'),
  'i',
)

const SUMS_UP =
  /^(?:RuntimeError: )?Engine (?:core initialization|process) failed\b|\bSee root cause above\b|\bsee stack trace \(above\)/i

const NOISE =
  /^(?:resource_tracker|.{0,200}UserWarning: resource_tracker)\b|\bleaked (?:semaphore|shared_memory)\b|\bdestroy_process_group\(\) was not called\b|\bkill_process_tree\b|^(?:Exception ignored|Future exception was never retrieved|Task exception was never retrieved|Stack \(most recent call|Fatal Python error: Aborted|Current thread 0x|Thread 0x)|^(?:finalizing|Shutting down|Waiting for application shutdown|Finished server process)\b/i
