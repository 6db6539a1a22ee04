export interface TaskOptions {
  setup?: string
  run?: string
  /** Further lines of `resources`. */
  resources?: string
}

/** A task for the lab's Slurm, as small as can be. */
export function task({
  setup = say('setup line', 3),
  run = `${say('run line', 3)}\nexit 3`,
  resources = 'infra: slurm/lab\ncpus: 1',
}: TaskOptions = {}): string {
  return [
    'name: lab',
    'resources:',
    indented(resources),
    'setup: |',
    indented(setup),
    'run: |',
    indented(run),
    '',
  ].join('\n')
}

/** A server that is ready once it listens. */
export const SERVER = 'exec python3 -u -m http.server "$PORT"'

/** A script that says so many numbered lines, one every so many seconds. */
export function say(what: string, count: number, every = 0): string {
  return `for i in $(seq ${count}); do echo "${what} $i"; sleep ${every}; done`
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
