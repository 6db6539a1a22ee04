import type { Counted } from '@launchtail/client'
import { counted } from '../parts/counts.js'
import { span } from '../parts/times.js'
import { timeFormat } from './time-format.js'

const HEIGHT = 72
const WIDTH = 1000
/** Room for at least so many bars: a single one as wide as the page says nothing. */
const FEWEST = 30
/** From below. */
const LEVELS = ['error', 'warn', 'info', 'debug'] as const

export interface HistogramProps {
  counts: Counted
  /** A bar was chosen: from its beginning, in ms, to its end. */
  onChoose: (from: number, to: number) => void
}

/** How many entries there are over time, by level. A click on a bar looks at its time alone. */
export function Histogram({ counts, onChoose }: HistogramProps) {
  const { buckets, bucket_seconds, complete } = counts
  const step = bucket_seconds * 1000
  const first = Date.parse(buckets[0]?.from ?? '')
  const last = Date.parse(buckets.at(-1)?.from ?? '')
  if (Number.isNaN(first) || Number.isNaN(last)) return null
  const most = Math.max(...buckets.map(sumOf))
  const width = WIDTH / Math.max(FEWEST, (last - first) / step + 1)
  return (
    <figure class="histogram">
      <figcaption>
        <Legend />
        <span class="hint">
          one bar: {span(step)}, tallest: {counted(most)}
          {!complete && ', of the newest entries alone'}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={describe(buckets)}
      >
        {buckets.map((bucket) => {
          const from = Date.parse(bucket.from)
          const x = ((from - first) / step) * width
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the query itself takes times by keyboard
            <g key={bucket.from} onClick={() => onChoose(from, from + step)}>
              <title>{titleOf(bucket)}</title>
              <rect x={x} y={0} width={width} height={HEIGHT} class="hover" />
              <Bar bucket={bucket} x={x + width * 0.1} width={width * 0.8} most={most} />
            </g>
          )
        })}
      </svg>
      <div class="axis">
        <span>{timeFormat(first)}</span>
        {last > first && <span>{timeFormat(last + step)}</span>}
      </div>
    </figure>
  )
}

interface BarProps {
  bucket: Bucket
  x: number
  width: number
  most: number
}

function Bar({ bucket, x, width, most }: BarProps) {
  let below = 0
  return (
    <>
      {LEVELS.map((level) => {
        // One error among ten thousand lines is what is looked for.
        const height = bucket[level] && Math.max(2, (bucket[level] / most) * HEIGHT)
        below += height
        return (
          <rect
            key={level}
            data-bar={level}
            x={x}
            y={Math.max(0, HEIGHT - below)}
            width={width}
            height={height}
          />
        )
      })}
    </>
  )
}

function Legend() {
  return (
    <span class="legend">
      {LEVELS.map((level) => (
        <span key={level}>
          <i data-bar={level} /> {level}
        </span>
      ))}
    </span>
  )
}

type Bucket = Counted['buckets'][number]

function sumOf(bucket: Bucket): number {
  return LEVELS.reduce((sum, level) => sum + bucket[level], 0)
}

function titleOf(bucket: Bucket): string {
  const parts = LEVELS.filter((level) => bucket[level] > 0)
  const counts = parts.map((level) => `${counted(bucket[level])} ${level}`)
  return `${timeFormat(Date.parse(bucket.from))}: ${counts.join(', ')}`
}

function describe(buckets: readonly Bucket[]): string {
  const sums = LEVELS.map(
    (level) => `${counted(buckets.reduce((sum, bucket) => sum + bucket[level], 0))} ${level}`,
  )
  return `Entries over time: ${sums.join(', ')}`
}
