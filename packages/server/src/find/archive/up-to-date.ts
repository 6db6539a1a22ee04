import { StorageFull } from '../../errors.js'
import type { Feeder } from './feeder.js'

export type HowMuch = Parameters<Feeder['flush']>[0]

/** Brings the archive up to date before it is asked. */
export interface UpToDate {
  /** False if the archive takes no more, because the disk is full. */
  bring(howMuch: HowMuch): Promise<boolean>
  /**
   * Asks once the archive has what is needed, and again with all of it where that was not enough. Meanwhile
   * another search may have passed something over.
   */
  ask<T>(first: HowMuch, ask: (isUpToDate: boolean) => Promise<T | undefined>): Promise<T>
}

export function createUpToDate(
  prepare: () => Promise<void>,
  feeder: Pick<Feeder, 'flush'>,
): UpToDate {
  return { bring, ask }

  async function bring(howMuch: HowMuch): Promise<boolean> {
    try {
      await prepare()
      await feeder.flush(howMuch)
      return true
    } catch (error) {
      if (error instanceof StorageFull) return false
      throw error
    }
  }

  async function ask<T>(
    first: HowMuch,
    ask: (isUpToDate: boolean) => Promise<T | undefined>,
  ): Promise<T> {
    for (let howMuch = first; ; howMuch = 'all') {
      const answer = await ask(await bring(howMuch))
      if (answer !== undefined) return answer
    }
  }
}
