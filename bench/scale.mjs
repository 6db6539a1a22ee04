// How much of everything: for figures that mean something, or to see that all of it runs.

/** Sockets that a server needs beside those of its readers. */
const SPARE = 500

/**
 * Seconds of load before a server is measured. Until then the figures tell how much code there is to compile,
 * and each has just collected its garbage (see servers.mjs): in the first second a fan-out had half the rate.
 * What a start costs has a part of its own.
 */
const WARM = 6

export function scaleOf({ quick, sockets, servers }) {
  const only = (names) => names.filter((name) => servers.includes(name))
  const many = Math.min(10_000, Math.floor((sockets - SPARE) / 100) * 100)
  if (!quick) {
    const nodes = Math.floor(many / 10)
    return {
      only,
      many,
      nodes,
      readers: 1000,
      rounds: 3,
      warmup: WARM,
      // Until thousands of new readers are as good as old ones.
      settle: WARM,
      seconds: 2.5,
      backlogRounds: 20,
      fleet: 100_000,
      entries: 1_000_000,
      merged: { nodes: 100, readers: 100, rate: 1000, count: 40_000 },
    }
  }
  return {
    only: (names) => only(names.length > 5 ? names : names.filter((name) => OURS.includes(name))),
    many: 200,
    nodes: 20,
    readers: 50,
    rounds: 1,
    warmup: 0.1,
    settle: 0.1,
    seconds: 0.4,
    backlogRounds: 2,
    fleet: 500,
    entries: 2000,
    merged: { nodes: 10, readers: 5, rate: 50, count: 500 },
  }
}

const OURS = ['embedded', 'redis', 'postgres', 'raw']
