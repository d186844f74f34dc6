/* The one place where the probe's code lives. */
#define LITBENCH_IMPLEMENTATION
#include "config.h"
