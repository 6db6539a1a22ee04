import type { Stats } from '@launchtail/client'
import { formatPrice } from '@launchtail/client/protocol'
import { counted } from '../parts/counts.js'
import { dayAndTime, span } from '../parts/times.js'

const HEIGHT = 120
const WIDTH = 1000
/** Room for at least so many bars: a single one as wide as the page says nothing. */
const FEWEST = 30
const KINDS = ['succeeded', 'failed', 'terminated'] as const

/**
 * How launches ended over time, as stacked bars. Drawn as SVG: some sixty bars need no library, and
 * a canvas has neither the page's colours nor text for a screen reader.
 */
export function OverTime({ buckets, bucket_seconds }: Stats['series']) {
  const most = Math.max(1, ...buckets.map((bucket) => sumOf(bucket)))
  const step = WIDTH / Math.max(FEWEST, buckets.length)
  const first = buckets[0]
  const last = buckets.at(-1)
  if (!first || !last) return null
  return (
    <figure class="over-time">
      <figcaption>
        <h2>Over time</h2>
        <Legend />
        <span class="hint">
          one bar: {span(bucket_seconds * 1000)}, tallest: {counted(most)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={describe(buckets)}
      >
        {buckets.map((bucket, i) => {
          let below = 0
          return (
            <g key={bucket.from}>
              <title>{titleOf(bucket)}</title>
              <rect x={i * step} y={0} width={step} height={HEIGHT} class="hover" />
              {KINDS.map((kind) => {
                const height = (bucket[kind] / most) * HEIGHT
                below += height
                return (
                  <rect
                    key={kind}
                    data-outcome={kind}
                    x={i * step + step * 0.1}
                    y={HEIGHT - below}
                    width={step * 0.8}
                    height={height}
                  />
                )
              })}
            </g>
          )
        })}
      </svg>
      <div class="axis">
        <span>{dayAndTime(first.from)}</span>
        {buckets.length >= FEWEST && <span>{dayAndTime(last.from)}</span>}
      </div>
    </figure>
  )
}

function Legend() {
  return (
    <span class="legend">
      {KINDS.map((kind) => (
        <span key={kind}>
          <i data-outcome={kind} /> {kind}
        </span>
      ))}
    </span>
  )
}

type Bucket = Stats['series']['buckets'][number]

function sumOf({ succeeded, failed, terminated }: Bucket): number {
  return succeeded + failed + terminated
}

function titleOf(bucket: Bucket): string {
  const { spent } = bucket
  const parts = [
    ...KINDS.map((kind) => `${bucket[kind]} ${kind}`),
    ...(spent === undefined ? [] : [`${formatPrice(spent)} spent`]),
  ]
  return `${dayAndTime(bucket.from)}: ${parts.join(', ')}`
}

function describe(buckets: readonly Bucket[]): string {
  const sums = KINDS.map(
    (kind) => `${buckets.reduce((sum, bucket) => sum + bucket[kind], 0)} ${kind}`,
  )
  return `Launches over time: ${sums.join(', ')}`
}
