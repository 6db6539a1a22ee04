import type { NodeAbout } from '../../nodes/node-pages.js'

/** What a reader may see of the fleet, if that is not all of it. */
export interface FleetView {
  /** Which nodes it is shown. */
  readonly only: (node: NodeAbout) => boolean
  /** The ids of those that it has been shown, who alone are deleted for it. */
  readonly shown: Set<string>
}
