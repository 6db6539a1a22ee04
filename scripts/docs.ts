// `npm run docs`: writes the pages that are made from the code. A test keeps them equal.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import server from '../packages/server/package.json' with { type: 'json' }
import { settings } from '../packages/server/src/config.js'
import { openApi } from '../packages/server/src/http/openapi/document.js'
import { manPage } from './man-page.js'
import { phasesPage } from './phases-page.js'

/** The made pages' texts by their names in `docs/`. */
export function madePages(): Record<string, string> {
  return {
    'configuration.md': configurationPage(),
    'launchtail.1': manPage(server.version),
    'phases.md': phasesPage(),
    'openapi.json': `${JSON.stringify(openApi(server.version), null, 2)}\n`,
  }
}

function configurationPage(): string {
  const rows = Object.values(settings).map(({ env, flag, default: usual, otherwise, help }) => {
    const value = usual ? `\`${usual}\`` : (otherwise ?? 'none')
    return `| \`${env}\` | ${flag ? `\`--${flag}\`` : 'none'} | ${value} | ${help} |`
  })
  return `# Configuration

<!-- Made from packages/server/src/config.ts by \`npm run docs\`; do not edit. -->

Each setting is an environment variable, and a flag of \`launchtail serve\` unless it is secret. A flag
wins; an empty variable is one that is not set. Durations are written as \`500ms\`, \`90s\`, \`10m\`,
\`1h30m\`, \`24h\` or \`2d\`. The server checks all of them at its start and names everything that is wrong.

| Variable | Flag | Default | |
|---|---|---|---|
${rows.join('\n')}

Records (nodes, phases, launches) are in SQLite in the data folder, with Redis too. \`DATABASE_URL\` is
refused: PostgreSQL is not supported yet.

## The data folder

| File | What |
|---|---|
| \`logs.db\` | the logs, where \`REDIS_URL\` is not set |
| \`records.db\` | the records of nodes and launches |
| \`admin-token\` | the made token, readable for the server's account alone |
| \`secrets-key\` | the key with which the secrets of running launches are encrypted |
| \`name\` | the server's own: by it, it knows again the launches it was running |
| \`launches/\` | a folder for each launch |
| \`demo/\` | the data folder of \`launchtail serve --demo\`: what is shown stays apart from what is real |
| \`lock.db\`, \`pid\` | the lock: one process has the folder at a time |

Logs and records are two files so that an append never waits for a record.
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(madePages())) {
    await writeFile(new URL(`../docs/${name}`, import.meta.url), text)
  }
}
