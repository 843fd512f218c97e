#pragma once
// Heavy headers that nearly every test includes; see engine/base/precompiled.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/precompiled.h"
