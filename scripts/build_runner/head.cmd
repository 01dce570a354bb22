@echo off
rem Axiom's runner as boinc-client starts it on Windows. Behind the last line of this text lies a small interpreter, in
rem the text form that certutil reads; it is unpacked once, and verifies and unpacks the runtime.
setlocal DisableDelayedExpansion
set "PATH=%SystemRoot%\System32"
set "project=%~dp0"
set "home=%project%axiom"
set "boot=%home%\boot-@BOOT@"
if exist "%boot%\boot.py" goto run
set "draft=%home%\.boot.%RANDOM%%RANDOM%"
mkdir "%draft%" || goto full
certutil -f -decode "%~f0" "%draft%\boot.tgz" >nul || goto full
tar -xzf "%draft%\boot.tgz" -C "%draft%" || goto full
del "%draft%\boot.tgz"
move "%draft%" "%boot%" >nul 2>nul || rmdir /s /q "%draft%"
:run
"%boot%\python.exe" -I -S -B -X utf8 "%boot%\boot.py" "%project%." @RUNTIME@ @SHA256@ %*
exit /b %ERRORLEVEL%
:full
rmdir /s /q "%draft%"
(echo 600& echo The interpreter of the runner cannot be unpacked in %home%. Make room there.)>boinc_temporary_exit || exit /b 15
exit /b 0
