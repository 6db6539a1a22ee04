// biome-ignore lint/style/noRestrictedImports: this is where it gets the run's seed
import fc from 'fast-check'
import { SEED } from './seed.js'

fc.configureGlobal({ seed: SEED })

/** Property tests whose cases come from the run's seed. */
export { fc }
