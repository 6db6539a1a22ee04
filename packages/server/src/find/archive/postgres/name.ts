import { randomUUID } from 'node:crypto'
import type { ArchiveTransaction } from '../archive-db.js'
import { setFact, WORDS_VERSION } from '../facts.js'
import { emptyIndex } from '../index-words.js'

/** The archive's own name, which the first server gives it. An index of another version is begun anew. */
export async function nameOf(db: ArchiveTransaction): Promise<string> {
  const facts = await db.all<{ name: string; value: string }>(
    `select name, value from {facts} where name in ('name', 'words')`,
  )
  const known = (name: string) => facts.find((fact) => fact.name === name)?.value
  const name = known('name') ?? randomUUID().slice(0, 8)
  if (known('name') === undefined) await setFact(db, 'name', name)
  if (known('words') !== WORDS_VERSION) {
    await emptyIndex(db)
  }
  return name
}
