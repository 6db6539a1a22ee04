import { readFileSync, writeFileSync } from 'node:fs'
import type { Figures } from './judge.js'
import type { Result } from './judge-corpus.js'

/** The share of right answers below which no figure may fall, by tool and by variant. */
export type Floor = Record<string, Partial<Record<Share, number>>>

const SHARES = ['phases', 'precision', 'recall', 'cause', 'code'] as const
type Share = (typeof SHARES)[number]

const FILE = new URL('floor.json', import.meta.url)

export function readFloor(): Floor {
  return JSON.parse(readFileSync(FILE, 'utf8'))
}

/** Commits to the figures of now. */
export function writeFloor(result: Result): void {
  writeFileSync(FILE, `${JSON.stringify(floorOf(result), null, 2)}\n`)
}

/** The figures that are below the floor, in a sentence each. */
export function below(result: Result, floor: Floor): string[] {
  const now = floorOf(result)
  return Object.entries(floor).flatMap(([name, shares]) =>
    Object.entries(shares).flatMap(([share, least]) => {
      const found = now[name]?.[share as Share] ?? 0
      return found < least ? [`${name}: ${share} is ${found} and was ${least}`] : []
    }),
  )
}

function floorOf({ tools, variants }: Result): Floor {
  return Object.fromEntries([...tools, ...variants].map(({ name, all }) => [name, shares(all)]))
}

function shares(all: Figures): Floor[string] {
  const known = SHARES.filter((share) => all[share].of > 0)
  return Object.fromEntries(
    known.map((share) => [share, Math.floor((1000 * all[share].right) / all[share].of) / 1000]),
  )
}
