// `npm run reading`: how well the reading of launch logs does on a labelled corpus.
//   npm run reading -- [--misses] [--write] [--tool NAME] [--file NAME,NAME] [FOLDER:FOLDER]
// `--write` makes the figures of now the ones that the tests hold.
import { parseArgs } from 'node:util'
import { readCorpus } from './reading/corpus.js'
import { writeFloor } from './reading/floor.js'
import { judgeCorpus } from './reading/judge-corpus.js'
import { report } from './reading/report.js'

const { values, positionals } = parseArgs({
  options: {
    misses: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    tool: { type: 'string' },
    file: { type: 'string' },
  },
  allowPositionals: true,
})
const folders = positionals[0] ?? process.env.LAUNCHTAIL_TRANSCRIPTS
if (!folders) {
  console.error('Name the folders of labelled logs, or set LAUNCHTAIL_TRANSCRIPTS.')
  process.exit(2)
}
const files = values.file?.split(',')
const corpus = (await readCorpus(folders))
  .filter(({ tool }) => !values.tool || tool === values.tool)
  .filter(({ file }) => !files || files.some((name) => file.startsWith(name)))
const result = await judgeCorpus(corpus)
console.log(report(result, values))
if (values.write) writeFloor(result)
