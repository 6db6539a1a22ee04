import type { Database } from '../database/open.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from '../nodes/registry.js'
import type { NodeSecrets } from '../output/node-secrets.js'
import type { Launcher } from './launcher.js'
import type { LimitSettings } from './limits/limits.js'
import type { NodeAccess } from './node-access.js'
import type { CostMonitorOptions } from './spending/cost-monitor.js'
import type { TakeDownPace } from './take-downs.js'

export interface OrchestratorOptions {
  database: Database
  store: LogStore
  appender: Appender
  registry: Registry
  launchers: readonly Launcher[]
  /** Contains a folder for each launch. */
  folder: string
  /** 32 bytes: the key that encrypts secrets while their launch is running. */
  key: Buffer
  clusterPrefix: string
  /** Default: none. */
  limits?: LimitSettings
  /** US dollars that all launches may cost a day. Default: no budget. */
  budget?: number | undefined
  /** The server's own secrets, which must not appear in the output of a launch either. */
  ownSecrets?: readonly string[]
  /** What nodes are given to send their logs in. Default: nothing. */
  access?: NodeAccess
  /** Holds the secrets of each launch that this process runs, for as long as it does. */
  secrets: NodeSecrets
  /** This process's id. Launches it owned before a restart are resumed immediately. */
  owner: string
  /** True if servers on other machines share the database. */
  isShared?: boolean
  /** The length of a lease, in milliseconds. Without renewal, others may take the launch up then. */
  lease?: number
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
  /** Called with what whoever runs this server may want to know. */
  onNotice?: (message: string) => void
  /** For tests: milliseconds. */
  takeDowns?: Partial<TakeDownPace>
  /** For tests: the pauses between attempts, in milliseconds. */
  attemptPauses?: { first: number; longest: number } | undefined
  /** For tests: milliseconds between two looks at the lifetimes of nodes. */
  limitsEvery?: number
  /** The same between two looks at groups that are being updated or terminated. */
  groupsEvery?: number
  /** The same at the services of groups. */
  servicesEvery?: number
  /** The same between two looks at whether nodes serve anybody. */
  idleEvery?: number
  /** The same of what launches cost. */
  costs?: Pick<CostMonitorOptions, 'every' | 'reportsEvery'> | undefined
}
