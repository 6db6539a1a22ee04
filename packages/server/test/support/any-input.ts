/** Generators of input from outside, made partly of what the tables look for and partly of anything. */
import { LEVELS, PHASES } from '@launchtail/client/protocol'
import { ENVELOPES } from '../../src/output/envelopes/index.js'
import { FORMATS } from '../../src/output/formats/index.js'
import { RULES } from '../../src/output/redact/index.js'
import { TOOLS } from '../../src/output/tools/index.js'
import { fc } from './property.js'
import { KNOWN } from './secrets.js'

/** As long as an entry or a line may be, with some to spare. */
const LONGEST = 70_000

const LINES = [
  ...ENVELOPES.map(({ example }) => example[0]),
  ...FORMATS.flatMap(({ examples }) => examples.map(([line]) => line)),
  ...TOOLS.flatMap(({ rules, causes }) => [
    ...rules.map(({ example }) => example),
    ...causes.flatMap((row) => row.examples),
  ]),
]

const MARKS = [
  ...['\n', '\r', '\r\n', '\t', '\0', '\x1b[31m', '\x1b]8;;', '\x9b', '\u200b', '\u202e', '\u2028'],
  ...['\ufeff', '\ud800', '\udc00', '"', "'", '\\', '\\"', '\\u0000', '{', '}', '[', ']', '(', ')'],
  ...[
    '=',
    ': ',
    ' | ',
    '%',
    '50%',
    '://',
    '@',
    '/',
    '-',
    '--',
    '#',
    ';',
    ',',
    '<a>',
    '</',
    '&',
    '`',
  ],
  ...[
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    'event: done',
    'data: ',
    'token=',
  ],
  ...['password: ', 'token="optional', 'a'.repeat(40), 'http://10.0.0.1:8000', 'file:///', 'x@y'],
  ...['Traceback (most recent call last):', '  File "a.py", line 1, in <module>', 'ValueError: x'],
]

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array).toString('latin1'))

const piece: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...LINES),
  fc.constantFrom(...MARKS),
  fc.constantFrom(...RULES.flatMap(({ hints }) => hints), ...Object.values(KNOWN)),
  fc.constantFrom(...PHASES, ...LEVELS),
  fc.string({ unit: 'binary', maxLength: 20 }),
  bytes,
)

const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(500) },
  { weight: 1, arbitrary: fc.nat(LONGEST) },
)

/** A piece repeated, because slow patterns show on repetition. */
const repeated = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), size)
  .map(([pieces, size]) => {
    const unit = pieces.join('')
    return unit === '' ? '' : unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
  })

const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: piece }, { weight: 1, arbitrary: repeated }), {
    maxLength: 12,
  })
  .map((all) => all.join('').slice(0, LONGEST))

const nested = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]']), fc.nat(20_000))
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`)

const instant = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toJSON()),
  fc.constantFrom('2024-01-15T10:30:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:60+14:00', ''),
)

/** An entry's fields in any combination, most of them valid. */
const fields = fc.record(
  {
    message: fc.oneof({ weight: 8, arbitrary: text }, { weight: 1, arbitrary: fc.jsonValue() }),
    level: fc.oneof(fc.constantFrom<unknown>(...LEVELS), fc.jsonValue()),
    phase: fc.oneof(fc.constantFrom<unknown>(...PHASES), fc.jsonValue()),
    progress: fc.oneof(fc.double(), fc.nat(100), fc.jsonValue()),
    timestamp: fc.oneof<fc.Arbitrary<unknown>[]>(instant, fc.jsonValue()),
    details: fc.oneof(text, fc.jsonValue({ maxDepth: 40 })),
    ['__proto__']: fc.jsonValue(),
    constructor: fc.jsonValue(),
  },
  { requiredKeys: [] },
)
const entry = fc
  .tuple(fields, fc.boolean())
  .map(([given, whole]) => JSON.stringify(whole ? { message: 'm', ...given } : given))

/** JSON, or what is nearly JSON. */
const json: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: entry },
  { weight: 2, arbitrary: fc.array(entry, { maxLength: 30 }).map((all) => `[${all.join(',')}]`) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: nested.map((details) => `{"message":"deep","details":${details}}`) },
  { weight: 1, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{"message":"\\ud800"}',
      '{"message":"m","progress":1e999}',
      '{"message":"m","progress":-0}',
      '{"message":"a","message":"b"}',
      `{"message":"${'\\u0000'.repeat(10_000)}"}`,
      `[${'{"message":"m"},'.repeat(9999)}{"message":"m"}]`,
      `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`,
    ),
  },
)

/** The bytes, now and then with some of them lost or replaced. */
function damaged(given: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(given, fc.option(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 })), { freq: 4 }))
    .map(([whole, damage]) => {
      const all = Buffer.from(whole)
      if (!damage) return all
      const at = damage[0] % (all.length + 1)
      return Buffer.concat([all.subarray(0, at), Buffer.from(damage[1]), all.subarray(at + 1)])
    })
}

const TYPES = ['application/json', 'application/x-ndjson', 'application/json; charset=utf-16']

/** A body of entries, with its content type. */
export const entries = fc.oneof(
  fc.record({ type: fc.constantFrom(...TYPES), body: damaged(json) }),
  fc.record({
    type: fc.constant('application/x-ndjson'),
    body: damaged(fc.array(json, { maxLength: 20 }).map((all) => all.join('\n'))),
  }),
)

/** Raw output. */
export const output = damaged(fc.array(text, { maxLength: 4 }).map((all) => all.join('\n')))

/** An element as another program may push it. */
const element: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 5, arbitrary: damaged(json) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 400_000 }).map((n) => Buffer.alloc(n, 'x')) },
)

/** Commands of another program on a node’s keys. `LIST` and `OWN` stand for these. */
export const foreignCommands = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.array(element, { minLength: 1, maxLength: 20 }).map(rpush) },
    { weight: 2, arbitrary: element.map((one) => ['LPUSH', 'LIST', one]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: -3, max: 3 }), element)
        .map(([at, one]) => ['LSET', 'LIST', at, one]),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }))
        .map(([from, to]) => ['LTRIM', 'LIST', from, to]),
    },
    {
      weight: 3,
      arbitrary: fc
        .oneof(
          element,
          fc.constant(Buffer.from('removed')),
          fc
            .tuple(fc.integer({ min: -2, max: 30 }), fc.constantFrom('0', 'x', ''), element)
            .map(([at, check, one]) => Buffer.concat([Buffer.from(`${at} ${check}\n`), one])),
        )
        .map((message) => ['PUBLISH', 'LIST', message]),
    },
    { weight: 1, arbitrary: fc.constant(['DEL', 'LIST']) },
    { weight: 1, arbitrary: fc.constant(['PEXPIRE', 'LIST', 1]) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('source', 'long', 'removed', 'owner', 'reply:k'), element)
        .map(([key, one]) => ['SET', `OWN:${key}`, one.subarray(0, 200)]),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('source', 'long'),
          fc.constantFrom('guard', '0', '1', 'body', 'source:x'),
          element,
        )
        .map(([key, field, one]) => ['HSET', `OWN:${key}`, field, one.subarray(0, 200)]),
    },
  ) as fc.Arbitrary<(string | number | Buffer)[]>,
  { minLength: 1, maxLength: 6 },
)

function rpush(elements: Buffer[]) {
  return ['RPUSH', 'LIST', ...elements]
}

const YAML = [
  ...[
    '- ',
    '  - ',
    'a: ',
    '? ',
    ': ',
    '&a ',
    '*a ',
    '<<: *a\n',
    '!!js/function ',
    '!!binary ',
    '| \n',
  ],
  ...[
    '>-\n',
    '%',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '#',
    '{',
    '}',
    '[',
    ']',
    ',',
    '\t',
    '"',
    "'",
    '\\',
  ],
  ...[
    'run: ',
    'run: |\n  echo\n',
    'setup: ',
    'envs:\n  A: 1\n',
    'secrets:\n  HF_TOKEN: x\n',
    'name: ',
  ],
  ...[
    'resources:\n  accelerators: H100:1\n',
    'any_of:\n  - ',
    'file_mounts:\n  /a: ./b\n',
    'num_nodes: 2\n',
  ],
  ...[
    'service:\n  readiness_probe: /x\n',
    'workdir: .\n',
    '\n',
    '  ',
    '0x1f',
    '1e999',
    '2024-01-15',
    '~',
  ],
]
const yamlPiece = fc.oneof(fc.constantFrom(...YAML), fc.string({ unit: 'binary', maxLength: 8 }))

/** A task’s YAML, as long as it may be and longer. */
const yaml = fc.oneof(
  fc.array(yamlPiece, { maxLength: 40 }).map((all) => all.join('')),
  fc
    .tuple(
      fc.array(yamlPiece, { minLength: 1, maxLength: 3 }),
      fc.oneof(fc.nat(2000), fc.nat(2000), fc.nat(2000), fc.nat(270_000)),
    )
    .map(([pieces, size]) => {
      const unit = pieces.join('') || '\n'
      return unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
    }),
  fc
    .integer({ min: 1, max: 20_000 })
    .map((n) => `run: x\n${Array.from({ length: n }, (_, i) => `k${i}: ${i}`).join('\n')}`),
  text,
)

const word = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('H100', 'gcp', '--x', '$(id)'))
const anything = fc.oneof<fc.Arbitrary<unknown>[]>(word, fc.jsonValue(), fc.integer())

/** The body of a launch that must not take place: its provider is one that is out of reach. */
export const launchBody = fc
  .record(
    {
      node_id: anything,
      region: anything,
      gpu: anything,
      gpu_count: anything,
      model: anything,
      use_spot: anything,
      disk_size: anything,
      vllm_args: fc.oneof(fc.array(word), anything),
      tensor_parallel: anything,
      task: fc.oneof({ weight: 6, arbitrary: yaml }, { weight: 1, arbitrary: anything }),
      envs: fc.oneof(fc.dictionary(word, anything), anything),
      secrets: fc.oneof(fc.dictionary(word, anything), anything),
      readiness: fc.oneof(
        fc.record({ path: anything, port: anything, timeout: anything }),
        anything,
      ),
      labels: fc.oneof(fc.dictionary(word, anything), anything),
      owner: anything,
      unknown_field: anything,
    },
    { requiredKeys: ['task'] },
  )
  .map((body) => JSON.stringify({ region: 'r', gpu: 'H100', ...body, provider: 'gcp' }))

/** A part of a request's line or head: a likely value, or any bytes that do not end the line. */
const headText = fc
  .oneof(
    fc.constantFrom(
      ...[
        '*',
        '0',
        '-1',
        'all',
        '1e9',
        '9007199254740993',
        '10m',
        '2024-01-15T10:30:00Z',
        'info',
        'x',
      ],
      ...[
        '0:00000000',
        '5:9f8e7d6c:status',
        'error,warn',
        '/(a+)+$/',
        'text/event-stream',
        'true',
        'csv',
      ],
      ...[
        '123e4567-e89b-12d3-a456-426614174000',
        '..%2f..%2f',
        '%00',
        '%zz',
        '__proto__',
        '%ff%fe',
      ],
      ...[
        'message:"x" AND (level:error OR phase:active)',
        'a'.repeat(3000),
        '('.repeat(200),
        '"'.repeat(99),
      ],
    ),
    fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1')),
    fc.webQueryParameters(),
    fc.string({ maxLength: 40 }).map((given) => encodeURIComponent(given.toWellFormed())),
  )
  .map((given) => given.replace(/[\r\n]/g, ' '))

const PATHS = [
  '/admin/nodes',
  '/admin/nodes/NODE',
  '/admin/nodes/NODE/logs',
  '/admin/nodes/NODE/logs/stream',
  '/admin/nodes/NODE/logs/export',
  '/admin/nodes/NODE/launch',
  '/admin/nodes/NODE/failure',
  '/admin/stats',
  '/metrics',
  '/openapi.json',
  '/docs',
  '/',
]
const QUERY = [
  ...['follow', 'tail', 'since', 'level', 'q', 'before', 'after', 'format', 'raw', 'last_event_id'],
  ...['phase', 'provider', 'limit', 'cursor', 'by', 'last'],
]
const HEADERS = [
  ...['Accept', 'Content-Type', 'Idempotency-Key', 'Log-Source', 'Log-Offset', 'Last-Event-ID'],
  ...[
    'Accept-Encoding',
    'Content-Encoding',
    'Origin',
    'Expect',
    'Range',
    'If-None-Match',
    'Upgrade',
  ],
  ...[
    'Transfer-Encoding',
    'Content-Length',
    'Host',
    'X-Forwarded-For',
    'TE',
    'Connection',
    'Cookie',
  ],
]

/** A request’s head up to where its other headers follow, and its body. */
export const request = fc.record({
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT') },
    { weight: 1, arbitrary: fc.constantFrom('OPTIONS', 'TRACE', 'PATCH', 'QUERY', 'get', 'G T') },
  ),
  path: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...PATHS) },
    { weight: 2, arbitrary: headText.map((id) => `/admin/nodes/${id}/logs`) },
    { weight: 1, arbitrary: headText.map((path) => `/${path}`) },
  ),
  query: fc.array(
    fc.tuple(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...QUERY) }, headText), headText),
    { maxLength: 4 },
  ),
  headers: fc.array(
    fc.tuple(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...HEADERS) }, headText), headText),
    { maxLength: 4 },
  ),
  body: fc.option(fc.oneof(json, headText)),
})
