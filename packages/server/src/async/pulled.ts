/**
 * What a function gives, until it gives undefined. A generator would keep what it gave last for as long as
 * its reader takes to ask for more, and with slow readers that is more memory than all else.
 */
export function pulled<T>(next: () => Promise<T | undefined>): AsyncIterableIterator<T> {
  return {
    async next() {
      const value = await next()
      return value === undefined ? { done: true, value } : { done: false, value }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
