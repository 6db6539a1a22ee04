// `docs/phases.md`: what a launch's output means, from the tables the server goes by.
import { PHASE_TABLE } from '../packages/client/src/protocol/phases.js'
import { formatDuration } from '../packages/client/src/protocol/time.js'
import { SILENCE } from '../packages/server/src/nodes/stall.js'
import { CAUSES, type Cause, UNKNOWN } from '../packages/server/src/output/causes/index.js'
import { ENVELOPES } from '../packages/server/src/output/envelopes/index.js'
import { FORMATS } from '../packages/server/src/output/formats/index.js'
import { peel } from '../packages/server/src/output/peel.js'
import {
  type CauseRow,
  type Rule,
  TOOLS,
  type Tool,
} from '../packages/server/src/output/tools/index.js'
import { wordsOf } from '../packages/server/src/output/words.js'
import { code, table } from './markdown.js'

export function phasesPage(): string {
  return `# Phases, causes and silence

<!-- Made from the server's own tables by \`npm run docs\`; do not edit. -->

What a launch prints is read in three steps. What stands around the words is taken off, layer by layer:
[envelopes](#envelopes) of whoever passes a line on, and the [heads](#heads) that tools write. What is
left is looked up in [one table a tool](#tools). Where nothing names a level, the line's grammar does.

## Phases

${table(
  ['Phase', 'Percent', 'What it is'],
  PHASE_TABLE.map(({ name, from, to, description }) => [
    code(name),
    name === 'failed' ? 'as reached' : from === to ? `${from}` : `${from} to ${to}`,
    description,
  ]),
)}

Neither phase nor progress goes back within a launch. No line makes a launch \`active\` or \`failed\`: it
is \`active\` when its health check answers, and \`failed\` when its launcher says that it is over.

A line of an envelope with nothing in it is no entry. Lines that belong together (a traceback, a panic, a
tree of reasons) are one entry each, at the level of their block.

## Envelopes

They tell the place (\`rank=1 node=worker1 replica=2 container=vllm-1 pid=7\`), which goes to the entry's
\`details\`, with a time as \`said_at\`.

${table(
  ['Of', 'Such as'],
  ENVELOPES.map(({ name, example }) => [name, code(example[0])]),
)}

## Heads

${table(
  ['Form', 'Such as', 'Level', 'Words'],
  FORMATS.flatMap(({ name, examples }) =>
    examples.map(([line, level, message]) => [name, code(line), level ?? '', code(message)]),
  ),
)}

## Tools

The first rule that fits counts. *From the line* is progress that the line itself tells; *on from* a
number is a step of work whose amount nobody knows: each such line goes a little further. *Its voice* is
any line in the tool's own form. Bars of any tool are read by one reader of bars.

${TOOLS.map(toolText).join('\n\n')}

## Causes

When a launch fails, the \`failed\` entry's message is the line that names the first real cause, and its
details say what that means, what to do, and what the launcher said. The node's record has it as
\`failure\`: \`code\`, \`phase\`, \`message\`, \`advice\`, \`details\`, and up to three lines of the log as
\`evidence\`. A node whose log is sent in gets its \`failure\` in the same way.

Lines that may tell why are gathered while the log is read, and weighed at the end:

1. A line that is **sure** of a cause counts for most; then one of a failure that launches survive (**may
   pass**) and the exception at the end of a traceback; then any other complaint.
2. Of equals the earliest counts. In a chain of exceptions and in a tree of reasons that is the deepest
   one that a row knows; of several ranks, the first to fail.
3. What was survived counts for less than anything that was not: the launch went on to its next phase or
   with its work, or the process that complained went on quietly. A warning is sure of nothing.
4. Words of whoever saw something else fail (**stands for another**) never win over what they stand for.
   They tell the stage that failed, where nothing tells why.
5. Where no row fits, the line is quoted all the same, and the code is \`unknown\`.

${CAUSES.map(causeText).join('\n\n')}

### \`${UNKNOWN.code}\`

${UNKNOWN.means} ${UNKNOWN.advice}

## Silence

When nothing has come for three times as long as the phase as a whole usually takes at most (the 95th
percentile of five or more past launches, and a minute at least), one warning is stored and the node is
\`stalled\` until the next line. Past launches are those of the same provider, GPU and model; where these
are fewer than five, of the same provider and GPU, then of the same provider. Without enough history:

${table(
  ['Phase', 'Nothing for'],
  Object.entries(SILENCE).map(([phase, ms]) => [code(phase), formatDuration(ms)]),
)}

\`eta_seconds\` is the median of what past launches took from here on, by the same choice of launches.
It is there when there are five or more.

## Adding a tool, a rule or a cause

**A tool** is one file in \`packages/server/src/output/tools/\`, named in its \`index.ts\`: its rules, its
causes, and lines as it prints them. **A rule** is one row:

\`\`\`ts
{
  when: /^Successfully installed \\S/,
  phase: 'installing',
  progress: 70,
  example: 'Successfully installed vllm-0.13.0',
},
\`\`\`

**A cause** is one row, too; its code stands in \`packages/server/src/output/causes/codes.ts\`:

\`\`\`ts
{
  code: 'kv_cache_too_small',
  when: [/\\bNo available memory for the cache blocks\\b/],
  examples: ['ValueError: No available memory for the cache blocks.'],
},
\`\`\`

\`when\` is sure, \`maybe\` may pass, \`wraps\` stands for another. The tests read every example and fail where
it does not give what its row says, and where an expression has none.

Expressions run on hostile text: begin with \`^\` where the words do, and bound what repeats (\`{1,80}\`).
Then run \`npm run docs\`, and \`npm run reading\` where you have labelled logs.
`
}

function toolText({ name, voice = [], rules, causes }: Tool): string {
  const rows = [
    ...voice.map(({ phase, example }) => ['its voice', code(example), code(phase), '', '']),
    ...rules.map(ruleRow),
  ]
  const parts = [
    ...(rows.length > 0 ? [table(['Line', 'Such as', 'Phase', 'Percent', 'Level'], rows)] : []),
    ...(causes.length > 0
      ? [table(['Cause', '', 'Line', 'Such as'], causes.flatMap(causeRows))]
      : []),
  ]
  return `### ${name}\n\n${parts.join('\n\n')}`
}

function ruleRow({ when, phase, progress, level, example }: Rule): string[] {
  return [
    code(when.source),
    code(example),
    phase ? code(phase) : '',
    percent(progress),
    level ?? '',
  ]
}

/** A function's answer to no line at all: only one that goes by the line has none. */
function percent(progress: Rule['progress']): string {
  if (typeof progress !== 'function') return progress === undefined ? '' : `${progress}`
  const none = Object.assign([], { index: 0, input: '' }) as unknown as RegExpMatchArray
  const first = progress(none, { phase: 'queued', progress: 0 })
  return Number.isFinite(first) ? `on from ${first}` : 'from the line'
}

function causeRows({ code: name, when, maybe, wraps, examples }: CauseRow): string[][] {
  const rows = (expressions: readonly RegExp[] | undefined, sure: string) =>
    (expressions ?? []).map((one) => {
      const example = examples.find((line) => fits(one, line)) ?? ''
      return [code(name), sure, code(one.source), code(example)]
    })
  return [...rows(when, 'sure'), ...rows(maybe, 'may pass'), ...rows(wraps, 'stands for another')]
}

function fits(when: RegExp, line: string): boolean {
  return when.test(wordsOf(peel(line).message))
}

function causeText({ code: name, means, advice, rows }: Cause): string {
  const only = rows.flatMap(({ last, phases }) => [
    ...(last ? ['Only from the launcher’s final message.'] : []),
    ...(phases ? [`Only in ${phases.map(code).join(', ')}.`] : []),
  ])
  return `### \`${name}\`\n\n${[means, advice, ...new Set(only)].join(' ')}`
}
