// `npm run bench`: see HELP in words.mjs.
import { readFileSync, writeFileSync } from 'node:fs'
import { builtCheckout, compare } from './compare.mjs'
import { describe, prepare } from './machine.mjs'
import { scaleOf } from './scale.mjs'
import { setup } from './setup.mjs'
import { ROOT, readWords } from './words.mjs'

const words = readWords(process.argv.slice(2))
const { parts, against } = words
const other = against === undefined ? undefined : checked(against)
const { notes, missing } = setup({ build: words.build, peers: !other })
const limits = prepare(12_000)
const servers = words.servers.filter((name) => !missing.has(name))
const scale = scaleOf({ quick: words.quick, sockets: limits.sockets, servers })
const begun = performance.now()
const command = ['npm run bench', ...process.argv.slice(2)].join(' -- ').replace(/ -- /g, ' ')
const said = []
say(`${new Date().toISOString().slice(0, 10)}, ${describe()}, \`${command}\``)
for (const note of [...limits.notes, ...notes]) say(note)
for (const name of parts) {
  const since = performance.now()
  try {
    const part = await import(`./scenarios/${name}.mjs`)
    say(`### ${name}\n\n${other ? await comparing(part) : await part.measure(scale)}`)
  } catch (error) {
    // The others are worth having all the same.
    console.error(`bench: ${name}: ${error.message}`)
    process.exitCode = 1
  }
  console.error(`bench: ${name} took ${Math.round((performance.now() - since) / 1000)} s`)
}
if (words.write) write()
console.error(`bench: ${Math.round((performance.now() - begun) / 1000)} s`)

function checked(folder) {
  try {
    return builtCheckout(folder)
  } catch (error) {
    console.error(`bench: ${error.message}`)
    return process.exit(2)
  }
}

async function comparing(part) {
  const { text, isWorse } = await compare({
    part,
    checkouts: { before: other, now: ROOT },
    names: servers,
    rounds: words.rounds,
    scale,
  })
  if (isWorse) process.exitCode = 1
  return text
}

function say(text) {
  said.push(text)
  console.log(`${text}\n`)
}

/** Puts what was measured between the marks in the document. */
function write() {
  const file = new URL('../docs/performance.md', import.meta.url)
  const marks = ['<!-- measured: begin -->', '<!-- measured: end -->']
  const [before, rest] = readFileSync(file, 'utf8').split(marks[0])
  const after = rest?.split(marks[1])[1]
  if (after === undefined) throw new Error(`${file.pathname} has no marks to write between`)
  writeFileSync(file, `${before}${marks[0]}\n\n${said.join('\n\n')}\n\n${marks[1]}${after}`)
}
