import { type Tool, towards } from './tool.js'

/** Without a terminal pip shows no progress within a file, so its lines are counted. */
export const pip: Tool = {
  name: 'pip',
  spoken: 'by anybody',
  rules: [
    {
      when: /^Collecting [A-Za-z0-9][\w.-]{0,100}(?:\[|[<>=!~;@(]| [<>=!~;@(]|$)/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Collecting vllm',
    },
    {
      when: /^Downloading \S{1,400} \([\d.]{1,10} ?[kKMGT]?i?B\)/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Downloading vllm-0.13.0-cp38-abi3-manylinux1_x86_64.whl (474.3 MB)',
    },
    {
      when: /^Using cached \S{1,400}\.(?:whl|tar|zip)/,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Using cached numpy-2.0-cp312-manylinux.whl (19 MB)',
    },
    {
      when: /^(?:Building wheels? for|Created wheel for) /,
      phase: 'installing',
      progress: towards(63, 69),
      example: 'Building wheel for flash-attn (setup.py): started',
    },
    {
      when: /^Requirement already satisfied: /,
      phase: 'installing',
      example: 'Requirement already satisfied: numpy in /usr/lib/python3',
    },
    {
      when: /^Looking in (?:indexes|links): /,
      phase: 'installing',
      example: 'Looking in indexes: https://pypi.example/simple',
    },
    {
      when: /^Installing collected packages: /,
      phase: 'installing',
      progress: 69,
      example: 'Installing collected packages: numpy, vllm',
    },
    {
      when: /^Successfully installed \S/,
      phase: 'installing',
      progress: 70,
      example: 'Successfully installed vllm-0.13.0',
    },
    {
      when: /^(?:Failed building wheel for|Failed to build installable wheels) \S/,
      phase: 'installing',
      level: 'error',
      example: '  ERROR: Failed building wheel for flash-attn',
    },
    {
      when: /^Ignored the following (?:versions|yanked versions)/,
      phase: 'installing',
      example:
        'ERROR: Ignored the following versions that require a different python version: 0.13.0 Requires-Python <3.14,>=3.10',
    },
    {
      when: /^(?:Getting requirements to build wheel|Preparing metadata|Running setup\.py|Installing build dependencies)\b/,
      phase: 'installing',
      example: 'Preparing metadata (pyproject.toml): started',
    },
    {
      when: /^pip's dependency resolver does not currently take into account/,
      level: 'warn',
      example:
        "ERROR: pip's dependency resolver does not currently take into account all the packages that are installed.",
    },
    {
      when: /^Retrying \(Retry\(total=\d/,
      phase: 'installing',
      level: 'warn',
      example:
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'NewConnectionError'",
    },
  ],
  causes: [
    {
      code: 'package_not_found',
      when: [
        /^Could not find a version that satisfies the requirement /,
        /^No matching distribution found for /,
        /^Ignored the following versions that require a different python version/,
        /\brequires a different Python: /,
      ],
      examples: [
        'ERROR: Could not find a version that satisfies the requirement vllm==99 (from versions: none)',
        'ERROR: No matching distribution found for vllmm',
        'ERROR: Ignored the following versions that require a different python version: 0.13.0 Requires-Python <3.14,>=3.10',
        "ERROR: Package 'vllm' requires a different Python: 3.8.10 not in '>=3.10'",
      ],
    },
    {
      code: 'package_conflict',
      when: [
        /^Cannot install .{1,1000}because these package versions have conflicting dependencies/,
        /^(?:ERROR: )?ResolutionImpossible\b/,
      ],
      examples: [
        'ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.',
        'ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/',
      ],
    },
    {
      code: 'build_failed',
      when: [
        /^Failed building wheel for \S/,
        /^(?:Failed to build installable wheels|Could not build wheels) for\b/,
        /^(?:(?:Getting requirements to build wheel|Preparing metadata|Building wheel|python setup\.py \w{1,40}|pip subprocess)\b.{0,200}|.{1,120} )did not run successfully\b/,
      ],
      wraps: [
        /^(?:error: )?(?:subprocess-exited-with-error|metadata-generation-failed|failed-wheel-build-for-install)\b/,
      ],
      examples: [
        '  ERROR: Failed building wheel for flash-attn',
        'ERROR: Could not build wheels for flash-attn, which is required to install pyproject.toml-based projects',
        '  × Getting requirements to build wheel did not run successfully.',
        '  error: subprocess-exited-with-error',
      ],
    },
  ],
}
