import type { LaunchRequest } from '@launchtail/client/protocol'

/** The part of SkyPilot's resources that a request can name. */
export interface Resources {
  readonly infra?: string
  readonly accelerators?: string
  readonly use_spot?: boolean
  readonly disk_size?: number
}

/** Regions that mean: any. */
const ANYWHERE = new Set(['local', 'any', '*'])

/** `provider: "any"` leaves the choice of the cloud to SkyPilot. */
export function resourcesOf({
  provider,
  region,
  gpu,
  gpu_count,
  use_spot,
  disk_size,
}: LaunchRequest): Resources {
  const place = ANYWHERE.has(region) ? '' : `/${region}`
  const [name, count] = gpu.split(':')
  const wanted = gpu_count ?? Number(count ?? 1)
  return {
    ...(provider.toLowerCase() !== 'any' && { infra: `${provider.toLowerCase()}${place}` }),
    ...(gpu.toLowerCase() !== 'cpu' && { accelerators: `${name}:${wanted}` }),
    ...(use_spot !== undefined && { use_spot }),
    ...(disk_size !== undefined && { disk_size }),
  }
}

export function checkResources(
  { provider, region, gpu, gpu_count }: LaunchRequest,
  faults: string[],
) {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(provider)) {
    faults.push('"provider" must be the name of a cloud: letters, digits and "-", or "any"')
  }
  if (!ANYWHERE.has(region) && !/^[A-Za-z0-9][A-Za-z0-9@:._/-]{0,255}$/.test(region)) {
    faults.push('"region" must be letters, digits, and "@", ":", ".", "_", "/" or "-"')
  } else if (provider.toLowerCase() === 'any' && !ANYWHERE.has(region)) {
    faults.push('"region" needs a "provider" other than "any"')
  }
  const count = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?::([1-9]\d{0,3}))?$/.exec(gpu)
  if (!count) {
    faults.push('"gpu" must be the name of a GPU, such as H100 or A100-80GB:8')
  } else if (count[1] !== undefined && gpu_count !== undefined && Number(count[1]) !== gpu_count) {
    faults.push(`"gpu" says ${count[1]} and "gpu_count" says ${gpu_count}`)
  }
}
