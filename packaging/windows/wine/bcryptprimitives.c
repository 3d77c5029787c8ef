/* For wine only, and in no package: the random numbers that Rust's standard library wants of
   Windows 10, which this wine lacks. They are those of wine's own generator. */

#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
