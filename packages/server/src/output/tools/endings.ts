import type { Tool } from './tool.js'

/** How a launch as a whole ended, in the words of whoever launched it. */
export const endings: Tool = {
  name: 'The end of a launch',
  spoken: 'by anybody',
  rules: [],
  causes: [
    {
      code: 'cancelled',
      when: [/^Cancellation requested; stopping\b/],
      maybe: [
        /^(?:Received (?:signal 2|SIGINT|Ctrl-?C)|\^C|Keyboard interrupt received|KeyboardInterrupt:?$)/i,
      ],
      examples: [
        'Cancellation requested; stopping current tasks.',
        'Received SIGINT, shutting down',
        'KeyboardInterrupt',
      ],
    },
    {
      code: 'cancelled',
      last: true,
      when: [
        /^'sky\.\w{1,40}' request \S{1,64} cancelled/,
        /\b(?:launch|request|job)\b.{0,80}\b(?:was )?cancell?ed\b/i,
        /\bstatus: CANCELLED\b/,
      ],
      examples: [
        "'sky.launch' request 0a1b cancelled",
        'the launch was cancelled',
        'it ended with status: CANCELLED',
      ],
    },
    {
      code: 'health_timeout',
      last: true,
      phases: ['health_check'],
      maybe: [
        /\bnot (?:ready|healthy) (?:within|after)\b/i,
        /\b(?:health|probe|readiness)\b.{0,80}\b(?:timed out|time-?out|no answer|never answered)\b/i,
      ],
      examples: ['not ready within 30m', 'the health check timed out after 10m'],
    },
    {
      code: 'launch_timeout',
      last: true,
      maybe: [
        /\bnot (?:ready|healthy) (?:within|after)\b/i,
        /\blaunch\b.{0,80}\b(?:timed out|time-?out|took too long)\b/i,
        /\b(?:health|probe|readiness)\b.{0,80}\b(?:timed out|time-?out|no answer|never answered)\b/i,
      ],
      examples: [
        'it was slow; not ready within 30m',
        'the launch timed out after 2h',
        'the probe never answered',
      ],
    },
    {
      code: 'lost',
      last: true,
      when: [/^Nothing has been sent for \S{2,16}; how the launch ended is not known\b/],
      examples: ['Nothing has been sent for 10m; how the launch ended is not known'],
    },
    {
      code: 'not_started',
      last: true,
      wraps: [
        /^the launch could not be started\b/,
        /^the launcher "[\w-]{1,40}" is not available any more\b/,
        /^its secrets cannot be read\b/,
      ],
      examples: [
        'the launch could not be started: its supervisor did not start',
        'the launcher "sky" is not available any more',
        'its secrets cannot be read: they were stored with another key',
      ],
    },
    {
      code: 'server_exited',
      last: true,
      wraps: [
        /^the server (?:left with|was ended by|could not be started)\b/,
        /^run could not be started\b/,
        /^(?:the )?(?:Managed )?job\b.{0,80}\b(?:FAILED(?!_SETUP)\w{0,20}|SUCCEEDED|failed|finished|ended|left)\b/i,
      ],
      examples: [
        'the server left with exit code 3 before it was ready',
        'run could not be started: spawn failed',
        'job 1 FAILED',
      ],
    },
  ],
}
