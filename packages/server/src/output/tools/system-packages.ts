import { type Tool, towards } from './tool.js'

/** apt, conda and npm. */
export const systemPackages: Tool = {
  name: 'apt, conda and npm',
  spoken: 'by anybody',
  rules: [
    {
      when: /^(?:Hit|Get|Ign):\d{1,5} (?:https?|file|cdrom):\S/,
      phase: 'installing',
      level: 'info',
      example: 'Get:2 http://archive.ubuntu.com/ubuntu jammy-updates InRelease [128 kB]',
    },
    {
      when: /^(?:Reading package lists|Building dependency tree|Reading state information)\.\.\./,
      phase: 'installing',
      example: 'Reading package lists...',
    },
    {
      when: /^(?:Selecting previously unselected package|Preparing to unpack|Unpacking|Setting up) \S/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Setting up libnuma1:amd64 (2.0.14-3ubuntu2) ...',
    },
    {
      when: /^(?:Collecting package metadata|Solving environment|Preparing transaction|Executing transaction)\b/,
      phase: 'installing',
      example: 'Solving environment: ...working... done',
    },
    { when: /^E: /, level: 'error', example: 'E: Unable to locate package libxyz' },
    {
      when: /^W: /,
      level: 'warn',
      example: 'W: Some index files failed to download. They have been ignored.',
    },
  ],
  causes: [
    {
      code: 'package_not_found',
      when: [
        /^E: (?:Unable to locate package|Package '?\S{1,200}'? has no installation candidate)/,
        /^E: Version '\S{1,200}' for '\S{1,200}' was not found/,
        /^PackagesNotFoundError\b/,
        /^npm (?:ERR!|error) (?:code )?E?404\b/,
      ],
      examples: [
        'E: Unable to locate package libxyz',
        "E: Version '9' for 'cuda' was not found",
        'PackagesNotFoundError: The following packages are not available from current channels:',
        'npm error 404 Not Found - GET https://registry.example/nosuch',
      ],
    },
    {
      code: 'package_conflict',
      when: [
        /^(?:E: )?(?:Unable to correct problems, you have held broken packages|Unmet dependencies)/,
        /^UnsatisfiableError\b/,
        /^npm (?:ERR!|error) (?:code )?ERESOLVE\b/,
      ],
      examples: [
        'E: Unable to correct problems, you have held broken packages.',
        'UnsatisfiableError: The following specifications were found to be incompatible',
        'npm error code ERESOLVE',
      ],
    },
    {
      code: 'setup_failed',
      wraps: [/^E: (?:Sub-process \S{1,100} returned an error code|Could not get lock)\b/],
      examples: ['E: Sub-process /usr/bin/dpkg returned an error code (1)'],
    },
  ],
}
