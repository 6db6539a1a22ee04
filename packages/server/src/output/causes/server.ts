import type { Cause } from './cause.js'

/** The server that is started, and how the launch as a whole ended. */
export const server: readonly Cause[] = [
  {
    code: 'bad_flag',
    when: [
      /^(?:\S{1,200}: )?error: (?:unrecognized arguments?|argument \S|the following arguments are required|unexpected argument|ambiguous option|invalid choice)/,
      /^(?:\S{1,200}: )?(?:error: )?(?:[Nn]o such option|[Uu]nknown option|unrecognized option|invalid option)\b/,
      /^ValueError: .{1,200}\b(?:is not supported|is invalid|must be one of)\b.{0,120}\b(?:Expected one of|must be one of)\b/,
    ],
    means: 'A program was given an option, or a value of one, that it does not know.',
    advice: 'Correct the arguments (`vllm_args`, or the task); they differ between versions.',
  },
  {
    code: 'port_in_use',
    when: [
      /\b[Aa]ddress already in use\b/,
      /\bport is already allocated\b/,
      // vLLM looks for a free one for itself, and says so.
      /\b[Pp]ort \d{1,5} is (?:already )?(?:in use|taken)\b(?!,? trying)/,
      /\bEADDRINUSE\b/,
    ],
    means: 'Another program listens on the port.',
    advice: 'End it, or give the server another port.',
  },
  {
    code: 'crash_loop',
    wraps: [/\bCrashLoopBackOff\b/, /\bBack-off restarting failed container\b/],
    means: 'The server fails, is started again, and fails again.',
    advice: 'Read what came before the first restart; later ones only repeat it.',
  },
  {
    code: 'cancelled',
    last: true,
    when: [
      /^'sky\.\w{1,40}' request \S{1,64} cancelled/,
      /\b(?:launch|request|job)\b.{0,80}\b(?:was )?cancell?ed\b/i,
      /\bstatus: CANCELLED\b/,
    ],
    means: 'Somebody cancelled it.',
    advice: 'Launch again if it was not meant.',
  },
  {
    code: 'health_timeout',
    last: true,
    phases: ['health_check'],
    maybe: [
      /\bnot (?:ready|healthy) (?:within|after)\b/i,
      /\b(?:health|probe|readiness)\b.{0,80}\b(?:timed out|time-?out|no answer|never answered)\b/i,
    ],
    means: 'The server runs, but did not answer its health check in time.',
    advice:
      'Check that it listens on the port that is asked, and allow it more time if it is slow.',
  },
  {
    code: 'launch_timeout',
    last: true,
    maybe: [
      /\bnot (?:ready|healthy) (?:within|after)\b/i,
      /\blaunch\b.{0,80}\b(?:timed out|time-?out|took too long)\b/i,
      /\b(?:health|probe|readiness)\b.{0,80}\b(?:timed out|time-?out|no answer|never answered)\b/i,
    ],
    means: 'The launch was not done in the time it is given.',
    advice: 'See in which phase the time went; allow more with `LAUNCHTAIL_LAUNCH_TIMEOUT`.',
  },
  {
    code: 'not_started',
    last: true,
    wraps: [
      /^the launch could not be started\b/,
      /^the launcher "[\w-]{1,40}" is not available any more\b/,
      /^its secrets cannot be read\b/,
    ],
    means: 'The launch was accepted, and then this server could not begin it or take it up again.',
    advice: 'Read the log and check the settings of this server; then launch again.',
  },
  {
    code: 'server_exited',
    last: true,
    wraps: [
      /^the server (?:left with|was ended by|could not be started)\b/,
      /^run could not be started\b/,
      /^(?:the )?(?:Managed )?job\b.{0,80}\b(?:FAILED(?!_SETUP)\w{0,20}|SUCCEEDED|failed|finished|ended|left)\b/i,
    ],
    means: 'The server ended, which a server must not.',
    advice: 'Read its last lines. A `run` that puts the server in the background ends at once.',
  },
]
