// `docs/query.md`: the query language, from the tables that the parser goes by.
import { LIMITS } from '../packages/client/src/query/index.js'
import {
  type DescribedField,
  FIELD_REFERENCE,
  OPERATORS,
} from '../packages/client/src/query/reference.js'
import { code, table } from './markdown.js'
import { QUESTIONS } from './questions.js'

export function queryPage(): string {
  return `# The query language

<!-- Made from the tables in packages/client/src/query by \`npm run docs\`; do not edit. -->

One language finds entries wherever a \`q\` is taken: in a node's log, its live stream and its export, on
the command line (\`launchtail logs -q\`) and in the page's search box.

\`\`\`sh
launchtail logs -f 550e84 -q 'level:>=warn -"still loading"'
curl -G -H "X-Admin-Token: $TOKEN" "$URL/admin/nodes/$NODE/logs" --data-urlencode 'q=oom OR "out of memory"'
\`\`\`

A word finds whole words: \`oom\` finds \`OOM\`, \`oom-killer\` and \`OOMKilled\`, and not \`bloom\`. Case does
not matter, except in patterns; accents do.

## Writing a query

${table(
  ['Written', 'Means'],
  OPERATORS.map(({ written, means }) => [code(written), means]),
)}

\`AND\`, \`OR\` and \`NOT\` are operators in capitals only. \`error: no module\` is text, because a blank follows
the colon.

## Fields

${table(
  ['Field', 'Of', 'Takes', '', 'Such as'],
  FIELD_REFERENCE.map((field) => [
    code(field.name),
    `the ${field.of}`,
    valuesOf(field),
    field.description,
    code(field.example),
  ]),
)}

Fields of the launch are those of the node's record as it is when the entry is looked at. \`level\` as a
*parameter* (\`level=warn\`) means that level and above; \`level:warn\` in a query is exactly that level. Given
together, both must hold. The phases are in the order of a launch.

A day is the whole day in UTC: \`timestamp:>2026-11-22\` begins on the 23rd. \`now\`, \`today\`, \`yesterday\`
and durations such as \`-2h\` are counted from the start of the request.

## Fifteen questions

${table(
  ['Question', 'Query'],
  QUESTIONS.map(({ asks, query }) => [asks, code(query)]),
)}

## Limits

A query has at most ${LIMITS.characters} characters, ${LIMITS.terms} words, values and patterns, and ${LIMITS.depth} brackets and NOTs that are open
at a time. It has at most ${LIMITS.patterns} patterns of ${LIMITS.patternCharacters} characters, which repeat something at most ${LIMITS.repetition} times.
A word has at most ${LIMITS.stars} \`*\`, and one with wildcards at most ${LIMITS.wildcardCharacters} characters.

## When something is wrong

The answer is a 400 whose message names the column, from 1, and what to write instead:

\`\`\`json
{"error":{"message":"column 7: 'warning' is not a level; did you mean 'warn'?"}}
\`\`\`

\`GET /admin/query?q=…\` says how a query is understood without running it, with hints on what may have been
meant otherwise, and lists the fields and operators. Hints on a query that was run are in the answer's
\`Query-Hint\` header.

## What a word is, exactly

1. A run is an unbroken stretch of letters, digits and marks; everything else separates, \`_\` as well. The
   text is in Unicode's form NFC.
2. A run is cut where \`CamelCase\` begins a new word: before a capital letter after a small one, and before
   the last of several capital letters that a small one follows (\`OOM\`, \`Killed\`). Digits never cut:
   \`H100\` is one word. A run with more than eight parts, such as base64, is one word.
3. A word of a query matches one part, or several neighbouring ones together: \`OutOfMemoryError\` has the
   words \`memory\`, \`outofmemory\` and \`memoryerror\`.
4. A phrase, or a word with signs in it (\`us-west-2\`, \`10:30:00\`), is several words that match neighbouring
   parts, whatever signs stand between them. It never goes on from the message into the details.
5. Case is compared by Unicode's simple lower case: \`istanbul\` does not find \`İstanbul\`, nor \`STRASSE\`
   \`straße\`. In scripts without blanks between words, write \`*加载*\`.
`
}

function valuesOf({ kind, values }: DescribedField): string {
  switch (kind) {
    case 'text':
      return 'words'
    case 'number':
      return 'numbers, ranges'
    case 'time':
      return 'times, ranges'
    default:
      return (values ?? []).map(code).join(' ')
  }
}
