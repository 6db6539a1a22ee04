import type { StreamReader } from '../readers.js'
import type { Position } from './position.js'

export interface MergedReader extends StreamReader {
  /** Undefined while it is live: then it has been sent everything that the others have. */
  position: Position | undefined
  catchingUp: boolean
  /** Something happened while it was catching up. */
  again: boolean
  /** What its filter had looked at and let through when it became live, less what the others' had. */
  ahead: Pick<Position, 'scanned' | 'matched'>
}
