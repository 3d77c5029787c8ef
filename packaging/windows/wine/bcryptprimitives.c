/* For builds with wine, never packaged: a function of Windows 10 that Rust's standard library
   requires and wine lacks. It uses wine's random number generator. */

#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
