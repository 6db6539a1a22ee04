// Draws docs/launch.svg, the README's picture, from a real launch of the example node:
//
//   node examples/launch.mjs | node scripts/picture.mjs
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'

const SHOWN = 26
const COLOURS = {
  queued: '#8b949e',
  provisioning: '#79c0ff',
  instance_ready: '#79c0ff',
  installing: '#d2a8ff',
  model_loading: '#ffa657',
  health_check: '#e3b341',
  active: '#56d364',
}
const LINE = 19

const all = (await text(process.stdin)).trimEnd().split('\n')
const lines = ['$ node examples/launch.mjs', ...thin(all)]
const height = lines.length * LINE + 44
const rows = lines.map((line, i) => row(line, 36 + i * LINE))
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="${height}" viewBox="0 0 900 ${height}" role="img" aria-label="The log of a launch, phase by phase, until the node is active">
<rect width="900" height="${height}" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`
await writeFile(new URL('../docs/launch.svg', import.meta.url), svg)

/** Leaves out lines between the first and last of a long run of one phase, and says so. */
function thin(entries) {
  const shown = []
  let run = []
  const flush = () => {
    const keep = Math.max(2, Math.floor((SHOWN / all.length) * run.length))
    const cut = run.length > keep + 2
    shown.push(...(cut ? [...run.slice(0, keep), '         ⋮', run.at(-1)] : run))
    run = []
  }
  for (const line of entries) {
    if (run.length > 0 && phaseOf(line) !== phaseOf(run[0])) flush()
    run.push(line)
  }
  flush()
  return shown.filter((line) => !line.startsWith('Ask it') && !line.startsWith('  curl'))
}

function phaseOf(line) {
  return /^\d\d:\d\d:\d\d (\w+)/.exec(line)?.[1] ?? ''
}

function row(line, y) {
  const colour = COLOURS[phaseOf(line)] ?? (line.startsWith('active') ? COLOURS.active : '#c9d1d9')
  const escaped = line.slice(0, 108).replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="20" y="${y}" fill="${colour}">${escaped}</text>`
}
