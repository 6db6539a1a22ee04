/** The newest SkyPilot that the suite was run on. */
export const NEWEST = '0.14.1'

/**
 * The day of which packages are taken for an older SkyPilot, which does not start with those of
 * today. 0.12.1 is the oldest that works with Debian 12's Slurm 22.05: 0.11 gives `squeue` an option
 * that it does not know, and 0.10 has no Slurm.
 */
export const PACKAGES_OF: Readonly<Record<string, string>> = { '0.12.1': '2026-04-26' }
