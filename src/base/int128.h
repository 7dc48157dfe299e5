// 128-bit integers without -Wpedantic's complaint.
#pragma once

namespace freshet {
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;
}  // namespace freshet
