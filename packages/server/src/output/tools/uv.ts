import { type Tool, towards } from './tool.js'

export const uv: Tool = {
  name: 'uv',
  spoken: 'by anybody',
  rules: [
    {
      when: /^Using C?Py(?:thon|Py) \d\S{0,20}/,
      phase: 'installing',
      progress: 62,
      example: 'Using CPython 3.12.11 interpreter at: /usr/bin/python3',
    },
    {
      when: /^Using Python \d\S{0,20} environment at: /,
      phase: 'installing',
      progress: 62,
      example: 'Using Python 3.12.11 environment at: .venv',
    },
    {
      when: /^Creating virtual environment /,
      phase: 'installing',
      progress: 62,
      example: 'Creating virtual environment at: .venv',
    },
    {
      when: /^Resolved \d{1,6} packages? in /,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Resolved 152 packages in 1836ms',
    },
    {
      when: /^(?:Downloading|Downloaded) [a-z0-9][\w.-]{0,100}(?: \([\d.]{1,10} ?[KMG]?i?B\))?$/,
      phase: 'installing',
      progress: towards(63, 69),
      example: ' Downloaded torch',
    },
    {
      when: /^(?:Building|Built) \S{1,200}(?: @ \S{1,400}|==\S{1,60})$/,
      phase: 'installing',
      example: '   Building flash-attn==2.8.0',
    },
    {
      when: /^Prepared \d{1,6} packages? in /,
      phase: 'installing',
      progress: towards(64, 69),
      example: 'Prepared 156 packages in 49.2s',
    },
    // A setup may call uv for each package, so this is not the end.
    {
      when: /^Installed \d{1,6} packages? in /,
      phase: 'installing',
      progress: towards(65, 70),
      example: 'Installed 160 packages in 2.8s',
    },
    {
      when: /^(?:× )?No solution found when resolving/,
      phase: 'installing',
      level: 'error',
      example: '  × No solution found when resolving dependencies:',
    },
    {
      when: /^(?:× )?Failed to (?:build|download|fetch|prepare|install)\b/,
      phase: 'installing',
      level: 'error',
      example: '  × Failed to build `flash-attn==2.8.0`',
    },
  ],
  causes: [
    {
      code: 'package_not_found',
      when: [
        /^(?:cause: )?Because (?:only \S{1,100}(?: is|.{0,60} are) available|there (?:is|are) no versions? of) .{1,400}\brequirements are unsatisfiable\b/,
        /^(?:cause: )?Because .{1,200}\bwas not found in the (?:package registry|cache|provided package locations)\b/,
        /^(?:cause: )?Because the (?:current|requested) Python version\b/,
      ],
      wraps: [/^(?:× |error: )?No solution found when resolving\b/],
      examples: [
        '  ╰─▶ Because there is no version of vllm==99 and you require vllm==99, we can conclude that your requirements are unsatisfiable.',
        '  ╰─▶ Because vllmm was not found in the package registry and you require vllmm, we can conclude',
        '  ╰─▶ Because the current Python version (3.8.10) does not satisfy Python>=3.10',
        '  × No solution found when resolving dependencies:',
      ],
    },
    {
      code: 'package_conflict',
      when: [
        /^(?:cause: )?Because \S.{0,400}(?: depends? on | and you require | are incompatible)/,
      ],
      examples: [
        '  cause: Because a depends on b>=2 and you require b==1, we can conclude that your requirements are unsatisfiable.',
      ],
    },
    {
      code: 'build_failed',
      when: [/^(?:× |error: )?Failed to build (?:`|\S{1,200}==|\S{1,200} @ )/],
      wraps: [/^The build backend returned an error\b/, /^Call to `[^`]{1,200}` failed\b/],
      examples: [
        '  × Failed to build `flash-attn==2.8.0`',
        '  ├─▶ The build backend returned an error',
        '  ╰─▶ Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)',
      ],
    },
    {
      code: 'network',
      maybe: [
        /^(?:(?:×|error:|cause:) ){0,3}(?:Request failed after \d{1,3} retries|error sending request for url)/,
      ],
      examples: [
        '  ╰─▶ Request failed after 3 retries',
        '  ╰─▶ error sending request for url (https://pypi.example/simple/vllm/)',
      ],
    },
  ],
}
