import type { Format } from '../stream/formats.js'

/** The headers of a stream in this format. */
export function streamHeaders({ contentType }: Format): Record<string, string> {
  return {
    'Content-Type': contentType,
    // A proxy that stores or compresses the stream would hold it back.
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
  }
}
