/** What an hour of a node costs, in words. */
export function priceText({
  price_per_hour: price,
}: {
  price_per_hour?: number | undefined
}): string {
  return price === undefined ? 'no price known' : `${formatPrice(price)} an hour`
}

/** An amount of US dollars as it is shown: `$3.67`, and `$0.0042` for what is less than a cent. */
export function formatPrice(dollars: number): string {
  const digits = dollars !== 0 && Math.abs(dollars) < 0.01 ? 4 : 2
  return `$${dollars.toFixed(digits)}`
}
