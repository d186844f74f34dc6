/* Room in the probe's block, alike for all files of this firmware. */
#pragma once
#define LITBENCH_EVENTS 4096
#define LITBENCH_HISTOGRAMS 2
#define LITBENCH_HISTOGRAM_BITS 10
#define LITBENCH_ITERATIONS 128
#include "litbench.h"
