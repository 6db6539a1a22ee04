import type { Principal } from '../../src/rights/principal.js'

/** Somebody with all rights. */
export const ANYBODY: Principal = {
  id: 'anybody',
  name: 'anybody',
  scopes: new Set(['admin']),
  isRevocable: false,
}
