import type { SkyPilotState } from '@launchtail/client/protocol'

/** What the API needs of SkyPilot besides launches. */
export interface SkyPilot {
  /** Says how it is reached and what can be launched. Never throws: a `problem` is part of the answer. */
  describe(): Promise<SkyPilotState>
}
