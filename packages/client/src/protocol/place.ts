/** A place to launch at, as a request has it. Without its schema, for the command and the page. */
export interface Place {
  readonly infra: string
  readonly region?: string | undefined
  readonly gpu?: string | undefined
  readonly gpu_count?: number | undefined
  readonly spot?: boolean | undefined
  readonly wait?: string | undefined
}

/**
 * Reads a place as a person writes it: `slurm/lab/main,wait=20s`, `aws/us-east-1,gpu=H100:8,spot`. Throws an
 * error that says what is wrong.
 */
export function parsePlace(text: string): Place {
  const [infra = '', ...options] = text.split(',').map((part) => part.trim())
  if (infra === '') throw new Error('a place begins with its infra, such as aws/us-east-1')
  return Object.assign({ infra }, ...options.map(optionOf))
}

function optionOf(option: string): Partial<Place> {
  const [name = '', value] = option.split('=', 2)
  if (name === 'spot') return { spot: value !== 'false' }
  if (value === undefined || value === '') throw new Error(`"${option}" is not NAME=value`)
  if (name === 'gpu_count') return { gpu_count: Number(value) }
  if (name === 'region' || name === 'gpu' || name === 'wait') return { [name]: value }
  throw new Error(`a place has no "${name}": gpu, gpu_count, region, spot and wait are known`)
}

/** A place as a person writes it. */
export function formatPlace({ infra, ...options }: Place): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const words = given.map(([name, value]) => (value === true ? name : `${name}=${value}`))
  return [infra, ...words].join(',')
}
