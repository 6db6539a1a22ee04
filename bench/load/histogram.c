/* Times in classes: 64 for each power of two, so that a class is at most 1.6 % wide. */
#include "load.h"

static int class_of(uint64_t value) {
  if (value < 64) return (int)value;
  int power = 63 - __builtin_clzll(value);
  return (power - 5) * 64 + (int)((value >> (power - 6)) & 63);
}

static double middle_of(int class) {
  if (class < 64) return class;
  int power = class / 64 + 5;
  return (double)(1ULL << power) * (1 + (class % 64 + 0.5) / 64);
}

void record(struct histogram *histogram, int64_t us) {
  uint64_t value = us < 0 ? 0 : (uint64_t)us;
  histogram->counts[class_of(value)] += 1;
  histogram->total += 1;
  if (value > histogram->max) histogram->max = value;
}

double quantile_ms(const struct histogram *histogram, double q) {
  uint64_t below = 0, wanted = (uint64_t)(q * (double)histogram->total);
  for (int class = 0; class < 64 * 64; class += 1) {
    below += histogram->counts[class];
    if (below > wanted) return middle_of(class) / 1000;
  }
  return (double)histogram->max / 1000;
}
