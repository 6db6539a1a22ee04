import type { Failure, LogEntry, Phase } from '@launchtail/client/protocol'
import { describe, expect, it } from 'vitest'
import { fold, UNFOLDED } from '../src/nodes/fold.js'
import { cleanLine } from '../src/output/clean.js'
import { createReader } from '../src/output/interpret/index.js'

/** The entries of an output that begins in a phase. */
function entriesOf(text: string, phase: Phase = 'queued'): LogEntry[] {
  const reader = createReader()
  let state = { phase, progress: 0 }
  return text.split('\n').flatMap((line) => {
    const read = reader.read(state, cleanLine(line))
    if (!read) return []
    state = { ...read.state }
    return [{ timestamp: '2026-01-02T03:04:05.000Z', ...read.draft } as LogEntry]
  })
}

/** Why a launch failed whose output ends so, where its sender knows no more than that it ended. */
function failureOf(text: string, phase: Phase = 'model_loading'): Partial<Failure> {
  const entries = entriesOf(text, phase)
  const last = { ...(entries[0] as LogEntry), message: 'exit code 1', phase: 'failed' as const }
  return [...entries, last].reduce((record, entry, i) => fold(record, entry, i), UNFOLDED)
    .failure as Failure
}

describe('the level of a line', () => {
  it.each([
    ["vllm serve: error: argument --tool-call-parser: invalid choice: 'x'", 'error'],
    [
      '(VllmWorker rank=1 pid=7) ERROR 01-02 03:04:05 [m.py:5] WorkerProc failed to start.',
      'error',
    ],
    ['  ERROR: Failed building wheel for a', 'error'],
    ['  × No solution found when resolving dependencies:', 'error'],
    ['docker: failed to register layer: unlinkat /x: invalid argument.', 'error'],
    ['bash: vllm: command not found', 'error'],
    ['cat: /x: No such file or directory', 'error'],
    ['/tmp/run.sh: line 7:  4711 Killed    vllm', 'error'],
    ['Aborted (core dumped)', 'error'],
    ['rm: cannot remove /x: Permission denied', 'error'],
    ['panic: runtime error: index out of range', 'error'],
    ['#12 2.345 /bin/sh: 1: uv: not found', 'error'],
    ['time=2026-01-02T03:04:07Z level=ERROR msg="a"', 'error'],
    ['{"level":"WARN","fields":{"message":"a"}}', 'warn'],
    ['0.01.074.300 W llama_context: a', 'warn'],
    ['2026-01-02T03:04:05Z  WARN a: b', 'warn'],
    ['INFO:wrapper:   2026-01-02T03:04:05Z  WARN a: b', 'warn'],
    ['W: Some index files failed to download.', 'warn'],
    ['Failed to read the cache. Falling back to a download.', 'warn'],
    ['0 errors, 0 warnings', 'info'],
    ['error_rate=0', 'info'],
    ['vllm serve a --log-level error', 'info'],
    ['  File "errors.py", line 3', 'info'],
    ['loading errors.py', 'info'],
    ['INFO 01-02 03:04:05 [a.py:6] error: not one', 'info'],
  ])('of %s', (line, level) => {
    expect(entriesOf(line)[0]?.level).toBe(level)
  })

  it('is that of its block, whatever the language', () => {
    for (const block of [
      'panic: it broke\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1\nexit status 2',
      "thread 'main' panicked at src/main.rs:1:2:\nit broke\nstack backtrace:\n   0: std::f\n             at /a.rs:1",
      'Exception in thread "main" java.lang.Error: it broke\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: x',
      "terminate called after throwing an instance of 'std::runtime_error'\n  what():  it broke",
      'Error: Could not create backend\n\nCaused by:\n    it broke',
      '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 1, in f\n  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File "a.py", line 2, in g\n    | ValueError: it broke\n    +------------------------------------',
    ]) {
      const levels = entriesOf(block).map(({ level, message }) => `${level} ${message}`)
      expect(levels.filter((one) => !one.startsWith('error'))).toEqual([])
    }
  })
})

describe('the phase of a line', () => {
  it.each([
    ['[2026-01-02 03:04:07] The server is fired up and ready to roll!', 'health_check', 90],
    ['  × No solution found when resolving dependencies:', 'installing', 60],
    ['2026-01-02T03:04:05Z ⚙︎ Launching on Vast Romania, RO, EU.', 'provisioning', 15],
  ] as const)('of %s', (line, phase, progress) => {
    expect(entriesOf(line)[0]).toMatchObject({ phase, progress })
  })
})

describe('the place of a line', () => {
  it('is in its details', () => {
    const line =
      '(VllmWorker rank=1 pid=7) ERROR 01-02 03:04:05 [m.py:5] WorkerProc failed to start.'
    expect(entriesOf(line)[0]).toMatchObject({
      message: 'WorkerProc failed to start.',
      details: 'place: rank=1 pid=7\nlogger: m.py:5\nsaid_at: 01-02 03:04:05',
    })
  })
})

describe('why a launch failed', () => {
  it.each<[name: string, text: string, code: string, says: string]>([
    [
      'an option that argparse does not know',
      "usage: vllm serve [model_tag]\nvllm serve: error: argument --dtype: invalid choice: 'x' (choose from 'auto')",
      'bad_flag',
      'argument --dtype',
    ],
    [
      'a parser that argparse does not offer',
      "vllm serve: error: argument --tool-call-parser: invalid choice: 'x' (choose from 'hermes')",
      'bad_flag',
      "invalid choice: 'x'",
    ],
    [
      'a complaint that no row knows',
      'ERROR 01-02 03:04:06 [x.py:12] The frobnicator cannot be read',
      'unknown',
      'The frobnicator cannot be read',
    ],
    [
      'a template that cannot be read',
      'ERROR 01-02 03:04:06 [x.py:12] The template cannot be read',
      'bad_setting',
      'The template cannot be read',
    ],
    [
      'a validation whose reason is on the next line',
      'pydantic_core._pydantic_core.ValidationError: 1 validation error for ParallelConfig\n  Value error, World size (2) is larger than the number of available GPUs (1) in this node. [type=value_error]\n    For further information visit https://errors.pydantic.dev/2',
      'too_few_gpus',
      'World size (2)',
    ],
    [
      'a parallel size that does not divide',
      'pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n  Value error, Total number of attention heads (4) must be divisible by tensor parallel size (8).',
      'bad_setting',
      'Total number of attention heads (4)',
    ],
    [
      'an unbound variable of a setup',
      "(setup pid=7) bash: A: unbound variable\nERROR: Job 1's setup failed. Failed workers: (pid=7, returncode=1).",
      'setup_failed',
      'A: unbound variable',
    ],
    [
      'a layer of an image',
      'docker: failed to register layer: unlinkat /x: invalid argument.',
      'image_pull',
      'failed to register layer',
    ],
    [
      'a hub that limits how often it is asked',
      '429 Client Error: Too Many Requests for url: https://huggingface.co/a/b',
      'rate_limited',
      '429 Client Error',
    ],
    [
      'a cloud that has none',
      "W 01-16 17:42:36 i.py:112] Got return code 8 in us-central1-a: 'Insufficient reserved capacity.'",
      'no_capacity',
      'Insufficient reserved capacity',
    ],
    [
      'a signal behind a warning with its traceback',
      `2026-01-02T03:04:05Z  WARN text_generation_launcher: Could not import Flash Attention
Traceback (most recent call last):
  File "a.py", line 1, in f
ImportError: CUDA is not available
2026-01-02T03:04:06Z ERROR text_generation_launcher: Shard process was signaled to shutdown with signal 9 rank=0`,
      'host_out_of_memory',
      'signal 9',
    ],
    [
      'what came behind an error of the log itself',
      `--- Logging error ---
Traceback (most recent call last):
  File "logging/__init__.py", line 1, in emit
ValueError: I/O operation on closed file.
INFO 01-02 03:04:06 [loader.py:9] Loading weights took 3 seconds
INFO 01-02 03:04:07 [model.py:9] Model loading took 3 GiB
Traceback (most recent call last):
  File "engine.py", line 9, in run
TypeError: unsupported operand type(s) for +: 'int' and 'str'
RuntimeError: Engine process failed to start. See stack trace for the root cause.`,
      'unknown',
      'TypeError: unsupported operand type(s)',
    ],
    [
      'an architecture that llama.cpp does not know',
      "llama_model_load: error loading model: unknown model architecture: 'a'",
      'unsupported_architecture',
      "unknown model architecture: 'a'",
    ],
    [
      'weights that are cut short',
      `safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}`,
      'model_files',
      'incomplete metadata',
    ],
    [
      'the deepest exception of a chain',
      `Traceback (most recent call last):
  File "a.py", line 1, in f
OSError: [Errno 28] No space left on device

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "b.py", line 2, in g
CacheError: cannot write the cache`,
      'disk_full',
      'No space left',
    ],
    [
      'the one exception in a group',
      `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in f
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 2, in g
    | LookupError: nobody knows this one
    +------------------------------------`,
      'unknown',
      'LookupError: nobody knows this one',
    ],
    [
      'the first rank to fail',
      `(Worker_TP1 pid=2) ERROR 01-02 03:04:05 [m.py:5] RuntimeError: it broke on one
(Worker_TP0 pid=1) ERROR 01-02 03:04:06 [m.py:5] RuntimeError: it broke on nought`,
      'unknown',
      'it broke on one',
    ],
    [
      'an error that a quiet process did not survive, behind one that it did',
      `ERROR 01-02 03:04:05 [a.py:5] The fast kernel is not there
${'INFO 01-02 03:04:06 [a.py:6] going on\n'.repeat(20)}ERROR 01-02 03:04:07 [a.py:7] The queue is broken`,
      'unknown',
      'The queue is broken',
    ],
  ])('is %s', (_, text, code, says) => {
    const failure = failureOf(text)
    expect(failure.message).toContain(says)
    expect(failure.code).toBe(code)
    expect(failure.evidence?.[0]?.message).toBe(failure.message)
  })

  it('is told with the lines that show it, at most three', () => {
    const conflict = `error: No solution found when resolving dependencies
  cause: Because a depends on b>=2 and you require b==1, we can conclude that your requirements are unsatisfiable.`
    expect(failureOf(conflict, 'installing')).toMatchObject({
      code: 'package_conflict',
      evidence: [
        { index: 1, message: expect.stringContaining('cause: Because a depends on b>=2') },
        { index: 0, message: 'error: No solution found when resolving dependencies' },
      ],
    })
  })

  it('is the last word where no line tells why', () => {
    const { code, message, evidence } = failureOf(
      `INFO 01-02 03:04:05 [a.py:5] Loading\nRuntimeError: Engine core initialization failed. See root cause above.`,
    )
    expect({ code, message }).toEqual({ code: 'unknown', message: 'exit code 1' })
    expect(evidence?.map(({ index }) => index)).toEqual([2, 1])
  })

  it('is quoted in at most 300 characters', () => {
    const { message, evidence } = failureOf(`ERROR: It broke ${'x'.repeat(1000)}`)
    expect(message).toHaveLength(300)
    expect(evidence?.[0]?.message).toHaveLength(300)
  })
})
